/** A build as the admin API tells of it; what is not known yet is null. */
export interface BuildBody {
  id: string;
  name: string | null;
  state: string;
  agreement: number | null;
  error: { code: string; detail: string } | null;
  timing_ms: { build: number; gate: number; warm: number; total: number } | null;
  peak_memory_bytes: number | null;
}

export interface EndedBuild {
  build: BuildBody;
  /** By the clock of this client: from sending the request until its end was told. */
  elapsedMs: number;
}

export interface WantedBuild {
  parent: string;
  recipe: object;
  name: string;
}

const ENDS: readonly string[] = ['ready', 'active', 'cancelled', 'failed', 'gate_failed'];

/** The admin API of a gateway. Every method throws with what it answered where that is not what was asked for. */
export class AdminClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** Asks for a variant that is not kept on disk and waits until it serves; throws where it ends in another way. */
  async build(wanted: WantedBuild): Promise<EndedBuild> {
    const startedAt = performance.now();
    const { id } = JSON.parse(await this.#ask('POST', '/admin/variants', wanted)) as BuildBody;
    // The stream ends when the build does, so nobody has to ask again and again while something is timed.
    const build = lastEvent(await this.#ask('GET', `/admin/builds/${id}/events`));
    const elapsedMs = performance.now() - startedAt;
    if (build.state !== 'active') {
      const { code = 'no error', detail = '' } = build.error ?? {};
      throw new Error(`the build of ${wanted.name} ended ${build.state} (${code}): ${detail}`);
    }
    return { build, elapsedMs };
  }

  async retire(name: string): Promise<void> {
    await this.#ask('POST', `/admin/variants/${name}/retire`);
  }

  /** Retires it, where it serves, and removes its files. */
  async remove(name: string): Promise<void> {
    await this.#ask('DELETE', `/admin/variants/${name}`);
  }

  async #ask(method: string, route: string, body?: object): Promise<string> {
    const response = await fetch(this.url + route, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
    return text;
  }
}

/** The build of the last event of a stream; throws where that is not the end of the build. */
export function lastEvent(stream: string): BuildBody {
  const data = stream
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .at(-1);
  if (data === undefined) throw new Error(`a stream of events had none: ${stream}`);
  const build = JSON.parse(data.slice('data: '.length)) as BuildBody;
  if (!ENDS.includes(build.state)) {
    throw new Error(`the events of build ${build.id} ended while it was ${build.state}`);
  }
  return build;
}
