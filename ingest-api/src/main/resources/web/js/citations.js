// How answers name their sources.

/** The path of a source's document in its workspace: the source's id is path#passage. */
export function documentOf(source) {
  return /^(.+)#\d+$/.exec(source.sourceId ?? '')?.[1] ?? null;
}

/** Splits a text at the numbers of sources: strings, and numbers from 1 up to `count`. */
export function citations(text, count) {
  return text.split(/(\[\d{1,3}\])/)
    .filter((part) => part !== '')
    .map((part) => {
      const number = /^\[\d+\]$/.test(part) ? Number(part.slice(1, -1)) : 0;
      return number >= 1 && number <= count ? number : part;
    });
}
