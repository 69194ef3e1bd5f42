/** A page of a list. */
export interface Page<T> {
  readonly results: readonly T[];
  readonly next: string | null;
}

/** The cursor in a page's `next` or `previous`, for the query of another call. */
export function cursorOf(link: string): string {
  return new URL(link).searchParams.get("cursor") ?? "";
}
