export interface Trials {
  readonly dist: string;
  readonly python: string;
  readonly folder: string;
}

export interface ReaderCounts {
  readonly opens?: number;
  readonly reads?: number;
  readonly errors: number;
  readonly wrong: number;
}

export function killTrials(
  options: Trials & {
    readonly count: number;
    readonly most?: number;
    readonly report?: (text: string) => void;
  },
): Promise<{
  readonly trials: number;
  readonly killed: number;
  readonly wrong: number;
}>;

export function liveReaders(options: Trials & { readonly seconds: number }): Promise<{
  readonly commits: number;
  readonly size: number;
  readonly complaints: string;
  readonly locking: ReaderCounts;
  readonly unlocked: ReaderCounts;
  readonly held: ReaderCounts;
}>;
