/** Plain JSON data. State consists of it, so that it can be stored and sent unchanged. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}
