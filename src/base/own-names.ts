// This file tells things apart that would be called the same.

/** In their order: the second of a name is called `name 2`. */
export function ownNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let count = 2; taken.has(own); count++) own = `${name} ${count}`;
    taken.add(own);
    return own;
  });
}
