// The overview and the settings still import the labels of checks by this name.
export { STATE, SUITE, SUITES } from './labels';
