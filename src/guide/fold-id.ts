// This file says which ids of guides are the same but for how they are written.

export function foldId(id: string): string {
  return id.trim().toLowerCase();
}
