import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { newAjv, readSchema } from "../schemas.js";
import { ScanIdentityError } from "./errors.js";

/** What a scan is found by. */
export interface ScanIdentity {
  readonly name: string;
  readonly number: number;
  /** `ESRF`, `no_policy` … */
  readonly data_policy: string;
  readonly session: string | null;
  readonly proposal: string | null;
  readonly collection: string | null;
  readonly dataset: string | null;
  /** Absolute path of the data file; null when nothing is to be saved. */
  readonly path: string | null;
}

/** An identity as publishers give it: what is left out is null. */
export type ScanIdentityInput = Pick<ScanIdentity, "name" | "number" | "data_policy"> &
  Partial<Pick<ScanIdentity, "session" | "proposal" | "collection" | "dataset" | "path">>;

/** The fields that can be searched for. */
export const IDENTITY_FIELDS = [
  "name",
  "number",
  "data_policy",
  "session",
  "proposal",
  "collection",
  "dataset",
  "path",
] as const;

let validate: ValidateFunction | undefined;

function validator(): ValidateFunction {
  validate ??= newAjv({ allErrors: true }).compile(readSchema("scan-identity"));
  return validate;
}

/** The complete identity, or a ScanIdentityError that says which fields are wrong. */
export function requireIdentity(input: ScanIdentityInput): ScanIdentity {
  const check = validator();
  if (!check(input)) {
    const reasons = (check.errors ?? []).map(explain).join("; ");
    throw new ScanIdentityError(`This scan cannot be published: ${reasons}.`);
  }
  const { name, number, data_policy, session, proposal, collection, dataset, path } = input;
  return {
    name,
    number,
    data_policy,
    session: session ?? null,
    proposal: proposal ?? null,
    collection: collection ?? null,
    dataset: dataset ?? null,
    path: path ?? null,
  };
}

function explain({ instancePath, message, keyword, params }: ErrorObject): string {
  const field = instancePath.slice(1) || "the identity";
  if (keyword === "additionalProperties")
    return `the identity has an unknown field "${params.additionalProperty}"`;
  if (keyword === "pattern") return `${field} must be an absolute path`;
  return `${field} ${message}`;
}
