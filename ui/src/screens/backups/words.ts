// The overview still imports the labels of backups by this name.
export { VERDICT, contents } from './labels';
