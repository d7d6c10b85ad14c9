/** Attributes of an element; numbers are rounded to hundredths of a pixel. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element as text. Children are markup already, such as other elements; see `text` for words. */
export function element(name: string, attributes: Attributes, children = ''): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? pixels(value) : escapeXml(value!)}"`,
    )
    .join('');
  return children === '' ? `<${name}${list}/>` : `<${name}${list}>${children}</${name}>`;
}

/** Words at a place; whatever is special in XML is escaped. */
export function text(words: string, attributes: Attributes): string {
  return element('text', attributes, escapeXml(words));
}

export function pixels(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function escapeXml(words: string): string {
  return words
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
