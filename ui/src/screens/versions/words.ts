// The overview still imports the labels of versions by this name.
export { VERDICT } from './labels';
