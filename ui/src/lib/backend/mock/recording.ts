// The form of a file in recorded/.
import type { CommandName, Commands } from '../../contract';

/** Replies by command and by the situation in which the command was answered. */
export type Recordings = { [C in CommandName]?: Record<string, Commands[C]['reply']> };

export interface RecordingFile {
  /** Epoch milliseconds that the times in the replies relate to. */
  recordedAt: number;
  replies: Recordings;
}
