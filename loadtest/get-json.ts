/** The JSON body of a GET; throws with the address where it is refused or nobody listens there. */
export async function getJson<T>(url: string): Promise<T> {
  return readJson<T>(url, await send(url, {}));
}

export async function postJson<T>(url: string, body: object): Promise<T> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
    body: JSON.stringify(body),
  };
  return readJson<T>(url, await send(url, init));
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new Error(`nobody answers at ${url}`, { cause });
  }
}

async function readJson<T>(url: string, response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
