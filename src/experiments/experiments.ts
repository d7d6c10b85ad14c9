import { armOf, type ArmDefinition, type ExperimentDefinition } from './assignment.js';
import { ArmStatistics, type ArmNumbers, type ArmOutcome } from './arm-statistics.js';

/** Names of the experiment and the arm that a unit is in, and the variant that is to answer it. */
export interface Assignment {
  readonly experiment: string;
  readonly arm: string;
  readonly variant: string;
}

export interface ArmView extends ArmDefinition, ArmNumbers {}

export interface ExperimentView {
  readonly name: string;
  readonly share: number;
  readonly arms: readonly ArmView[];
}

/** The A/B experiments of the config: who is in which arm, and how the arms do since the start. */
export class Experiments {
  private readonly statistics = new Map<string, ArmStatistics>();

  /** Names of experiments, and of the arms of one, must differ. */
  constructor(private readonly definitions: readonly ExperimentDefinition[]) {
    for (const { name, arms } of definitions) {
      for (const arm of arms) this.statistics.set(keyOf(name, arm.name), new ArmStatistics());
    }
  }

  /** The first experiment that takes the unit, in the order of the config; null where none does. */
  assign(unit: string): Assignment | null {
    for (const experiment of this.definitions) {
      const arm = armOf(experiment, unit);
      if (arm) return { experiment: experiment.name, arm: arm.name, variant: arm.variant };
    }
    return null;
  }

  record({ experiment, arm }: Assignment, outcome: ArmOutcome): void {
    this.statisticsOf(experiment, arm).record(outcome);
  }

  view(): ExperimentView[] {
    return this.definitions.map(({ name, share, arms }) => ({
      name,
      share,
      arms: arms.map((arm) => ({
        name: arm.name,
        variant: arm.variant,
        weight: arm.weight,
        ...this.statisticsOf(name, arm.name).view(),
      })),
    }));
  }

  private statisticsOf(experiment: string, arm: string): ArmStatistics {
    const statistics = this.statistics.get(keyOf(experiment, arm));
    if (statistics === undefined) {
      throw new Error(`arm ${arm} of experiment ${experiment} was never defined; this is a bug`);
    }
    return statistics;
  }
}

function keyOf(experiment: string, arm: string): string {
  return JSON.stringify([experiment, arm]);
}
