// The overview still imports the stages of a clock by this name.
export { stage } from './labels';
