import { monotonicFactory } from "ulid";

const ulid = monotonicFactory();

/** A new primary key: a ULID, later ones sort after earlier ones. */
export function newPk(): string {
  return ulid();
}
