/** Plain JSON data: what state is made of, so that it can be stored and sent as it stands. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}
