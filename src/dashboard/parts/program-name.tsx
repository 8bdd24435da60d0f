import { Fragment } from 'preact';

/** A name made for programs, such as a type; on narrow screens it breaks after "_" and ".", not within words. */
export function ProgramName({ name }: { readonly name: string }) {
  return (
    <>
      {name.split(/(?<=[_.])/).map((part, index) => (
        <Fragment key={index}>
          {index > 0 ? <wbr /> : null}
          {part}
        </Fragment>
      ))}
    </>
  );
}
