import assert from 'node:assert/strict';

/** What curl would send: the little of its language, and of the shell's, that the documentation uses. */
export function requestOf(
  command: string,
  variables: Readonly<Record<string, string>> = {},
): { url: URL; init: RequestInit } {
  const words = [...command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) =>
      single ?? double?.replace(/\$(\w+)/g, (_, name: string) => variables[name]!) ?? bare!,
  );
  const headers = new Headers();
  let url: URL | undefined;
  let method: string | undefined;
  let body: string | undefined;
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index]!;
    if (word === '-s') continue;
    if (word === '-d') body = words[(index += 1)]!;
    else if (word === '-X') method = words[(index += 1)]!;
    else if (word === '-H') {
      const [, name, value] = /^([\w-]+): (.*)$/.exec(words[(index += 1)]!)!;
      headers.set(name!, value!);
    } else {
      assert.match(word, /^http:\/\/127\.0\.0\.1:8080\//, command);
      url = new URL(word);
    }
  }
  assert.ok(url !== undefined, command);
  method ??= body === undefined ? 'GET' : 'POST';
  return { url, init: { method, headers, ...(body !== undefined && { body }) } };
}
