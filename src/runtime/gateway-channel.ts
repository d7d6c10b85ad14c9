import { readSync, writeSync } from 'node:fs';
import { FrameAssembler } from './frame-assembler.js';
import { decodeFrame, encodeFrame } from './frame-codec.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** Where a worker process finds its end of the channel: a stream socket, both ways. */
export const CHANNEL_FD = 3;

const READ_BYTES = 65_536;

/**
 * A worker's end of its channel to the gateway. Both directions block: a worker has nothing else to do, and a turn of the
 * event loop between the gateway's write and the run is time that every request waits.
 */
export class GatewayChannel {
  readonly #assembler = new FrameAssembler();
  readonly #chunk = Buffer.from(new ArrayBuffer(READ_BYTES));
  #frames: Uint8Array[] = [];
  #gatewayIsGone = false;

  /**
   * Waits for the next message; undefined when the gateway has closed its end, which the system does for one that dies.
   * Arrays in a message hold until the next one is asked for.
   */
  receive(): ToWorker | undefined {
    while (this.#frames.length === 0) {
      if (this.#gatewayIsGone) return undefined;
      const bytes = this.#try(() => readSync(CHANNEL_FD, this.#chunk));
      if (bytes === 0) return undefined;
      this.#frames = this.#assembler.push(this.#chunk.subarray(0, bytes));
    }
    return decodeFrame(this.#frames.shift()!) as ToWorker;
  }

  /** Returns when the gateway's end has taken it all; if that is gone there is nobody left to tell. */
  send(message: FromWorker): void {
    const frame = encodeFrame(message);
    let written = 0;
    while (written < frame.length && !this.#gatewayIsGone) {
      written += this.#try(() => writeSync(CHANNEL_FD, frame, written));
    }
  }

  /** How many bytes a call moved: 0 as well when the gateway is gone. A signal may end a call before it moved any. */
  #try(call: () => number): number {
    for (;;) {
      try {
        return call();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EINTR') continue;
        if (code !== 'EPIPE' && code !== 'ECONNRESET') throw error;
        this.#gatewayIsGone = true;
        return 0;
      }
    }
  }
}
