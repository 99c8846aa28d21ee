// Lints of the UI: the recommended, type-checked sets. A rule is switched off here only with its reason.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const TYPED = ['src/**/*.ts', 'src/**/*.svelte', 'vite.config.ts'];
const SVELTE = ['**/*.svelte', '**/*.svelte.ts'];

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'src/lib/contract/'] },
  js.configs.recommended,
  { files: TYPED, extends: ts.configs.recommendedTypeChecked, languageOptions: { globals: globals.browser } },
  ...svelte.configs.recommended,
  { files: TYPED, languageOptions: { parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] } } },
  { files: SVELTE, languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } } },
  { files: ['**/*.mjs', '*.js'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
