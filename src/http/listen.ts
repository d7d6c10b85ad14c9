import { StartError } from '../errors.js';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Opens the port (0: any free one). Rejects with a StartError that says what to do. */
export function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      const why = inUse ? `port ${port} is in use; set PORT to another one` : error.message;
      reject(new StartError(`cannot listen on ${host}: ${why}`, { cause: error }));
    });
    server.listen(port, host, () =>
      resolve({ host, port: (server.address() as AddressInfo).port }),
    );
  });
}

/** Where a listening server is reached. */
export function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
