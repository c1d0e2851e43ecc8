/** Words as a person would shorten them: the first letters of the first two words, else the first two letters. */
function candidates(name: string): string[] {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const [first = "#", second = ""] = words;
  const [a = "#", ...rest] = [...first];
  if (/\p{Script=Han}/u.test(a)) return [a, ...[...words.join("")].slice(1)];
  const begins = words.slice(1).map((word) => a + ([...word][0] ?? ""));
  return [...begins, ...(second ? [] : [a + (rest[0] ?? "")]), ...rest.map((letter) => a + letter), a].map((two) => two.toLocaleUpperCase());
}

/**
 * One or two letters for each name, no two alike as long as the names allow it; names that leave no letters
 * to tell them apart get a number. The same names in the same order get the same letters.
 */
export function lettersOf(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const all = candidates(name);
    let found = all.find((letters) => !taken.has(letters));
    for (let n = 2; found === undefined; n++) {
      const numbered = `${[...(all[0] ?? "#")][0]}${n}`;
      if (!taken.has(numbered)) found = numbered;
    }
    taken.add(found);
    return found;
  });
}
