// The Versions screen: pinned versions, their history and changes to them.
import { fail, type Handlers, type MockContext } from '../context';
import { pinChanges, pinsReport, repinApplied, repinPlan } from '../pins';

type PinCommand = 'pins_show' | 'pins_history' | 'pins_plan' | 'pins_apply';

export function pinCommands({ scene, openedAt }: MockContext): Handlers<PinCommand> {
  return {
    pins_show: () => pinsReport(scene, Date.now()),
    pins_history: ({ service }) => ({ changes: pinChanges(scene, service, openedAt) }),
    pins_plan: (change) => {
      if (!/:[^/]+$/.test(change.image))
        throw fail('invalid-request', `${change.image} has no tag; expected NAME:TAG.`);
      return repinPlan(change, pinsReport(scene, openedAt));
    },
    pins_apply: ({ change, reason }) => {
      if (reason === 'fail')
        throw fail(
          'unverified',
          'The files changed after this plan was shown. Nothing was written.',
          'Review the new plan.',
        );
      return repinApplied(repinPlan(change, pinsReport(scene, openedAt)));
    },
  };
}
