import { z } from 'zod';

const share = z.number().min(0).max(1);
const beforeAndAfter = z.strictObject({ before: share, after: share });
const perSplit = z.strictObject({ validation: beforeAndAfter, test: beforeAndAfter });

const marginToError = z
  .strictObject({
    margin: z.array(share).min(1),
    errorProbability: z.array(share).min(1),
  })
  .superRefine(({ margin, errorProbability }, context) => {
    const wrong = (message: string): void => {
      context.addIssue({ code: 'custom', message });
    };
    if (margin.length !== errorProbability.length) {
      wrong(`${margin.length} margins for ${errorProbability.length} probabilities`);
    }
    if (margin.some((value, index) => index > 0 && value <= margin[index - 1]!)) {
      wrong('expected margins that increase');
    }
    if (
      errorProbability.some((value, index) => index > 0 && value > errorProbability[index - 1]!)
    ) {
      wrong('expected probabilities that do not increase');
    }
  });

/** How far a variant's probabilities can be believed, as `scripts.calibrate` found it. */
export const calibrationSchema = z.strictObject({
  temperature: z
    .number()
    .positive()
    .describe('Scores are softmax(logits / temperature); 1 leaves them as they are.'),
  fittedOn: z.enum(['validation']),
  expectedCalibrationError: z
    .strictObject({ token: perSplit, entity: perSplit })
    .describe('Over 15 equal-width bins, before and after the temperature.'),
  marginToError: marginToError.describe(
    'From the smallest token margin of a text (best minus second best probability, after the temperature) to the ' +
      'probability that its answer is wrong; linear between the knots, constant beyond them.',
  ),
  marginQuality: z
    .strictObject({
      test: z.strictObject({
        auroc: share.nullable().describe('Null where all answers are right, or all wrong.'),
        brier: share,
        brierOfBaseRate: share.describe(
          'Of always saying the share of wrong answers on validation.',
        ),
        wrongShare: share,
        texts: z.int().positive(),
      }),
    })
    .describe('How well the map tells wrong answers from right ones.'),
});
