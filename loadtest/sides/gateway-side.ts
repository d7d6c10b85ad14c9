import { openGateway } from '../gateway-process.js';
import { makeModelsFolder } from '../models-folder.js';
import type { Entity } from '../score.js';
import { httpSide } from './http-side.js';
import { allLabels } from './read-entities.js';
import type { RunningSide } from './side.js';

interface GatewaySideOptions {
  modelsDir: string;
  variant: string;
}

/** Our gateway with one variant, so that its memory is that of one model, as it is on the other sides. */
export async function startGatewaySide(options: GatewaySideOptions): Promise<RunningSide> {
  const models = makeModelsFolder({ ...options, copies: 1 });
  try {
    const gateway = await openGateway({ modelsDir: models.path });
    const side = httpSide({
      name: 'entier',
      server: gateway.process!,
      variant: options.variant,
      labels: allLabels,
      read: (body: { entities: Entity[] }) => body.entities,
    });
    return {
      ...side,
      stop: async () => {
        await side.stop();
        models.remove();
      },
    };
  } catch (error) {
    models.remove();
    throw error;
  }
}
