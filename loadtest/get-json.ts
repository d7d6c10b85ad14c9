/** The JSON body of a GET; throws with the address where it is refused or nobody listens there. */
export async function getJson<T>(url: string): Promise<T> {
  return readJson<T>(url, await send(url, {}));
}

/** The text of a GET, such as that of `/metrics`; throws as `getJson` does. */
export async function getText(url: string): Promise<string> {
  return readText(url, await send(url, {}));
}

export async function postJson<T>(url: string, body: object): Promise<T> {
  const init = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      // A server may end a connection that it kept just when it is used again.
      connection: 'close',
    },
    body: JSON.stringify(body),
  };
  return readJson<T>(url, await send(url, init));
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new Error(`nobody answers at ${url} (${reasonOf(cause)})`, { cause });
  }
}

/** Fetch says "fetch failed" and hides why in its own cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function readJson<T>(url: string, response: Response): Promise<T> {
  return JSON.parse(await readText(url, response)) as T;
}

async function readText(url: string, response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text;
}
