// Recurring maintenance windows.
import { fail, type Handlers, type MockContext } from '../context';
import { dates, schedule } from '../maintenance';

type ScheduleCommand = 'schedule_list' | 'schedule_save' | 'schedule_delete' | 'schedule_preview';

export function scheduleCommands({ scene, openedAt }: MockContext): Handlers<ScheduleCommand> {
  let schedules = scene === 'loaded' ? [schedule('s-1', '0 2 * * 0', 'Weekly database upgrade', 1800, openedAt)] : [];
  return {
    schedule_list: () => ({ schedules }),
    schedule_preview: ({ cron, timeZone }) => {
      if (cron.trim().split(/\s+/).length !== 5)
        throw fail(
          'invalid-request',
          'Invalid cron expression.',
          'Use five fields: minute, hour, day of month, month, day of week.',
        );
      return { description: 'At 02:00 on Sunday', timeZone, ...dates(Date.now()) };
    },
    schedule_save: ({ id, cron, reason, durationS }) => {
      schedules = [
        ...schedules.filter((s) => s.id !== id),
        schedule(id ?? `s-new-${schedules.length}`, cron, reason, durationS, Date.now()),
      ];
      return { schedules };
    },
    schedule_delete: ({ id }) => {
      schedules = schedules.filter((s) => s.id !== id);
      return { schedules };
    },
  };
}
