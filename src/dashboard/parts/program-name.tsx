import { Fragment } from 'preact';

/** An identifier such as a type name. On narrow screens it wraps after "_" and ".", not within words. */
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
