// How answers name their sources.

/** Where a source's document is kept: its id is tenant/workspace/path#passage. */
export function documentOf(source) {
  const match = /^[^/]+\/([^/]+)\/(.+)#\d+$/.exec(source.sourceId ?? '');
  return match && { workspace: match[1], path: match[2] };
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
