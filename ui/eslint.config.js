// Lints of the UI: the recommended, type-checked sets. A rule is switched off here only with its reason.
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const TYPED = ['src/**/*.ts', 'src/**/*.svelte'];
const SVELTE = ['**/*.svelte', '**/*.svelte.ts'];

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'test-results/', 'src/lib/contract.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [ts.configs.recommended],
    languageOptions: { globals: globals.browser },
  },
  {
    files: TYPED,
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, extraFileExtensions: ['.svelte'] } },
    rules: {
      // An error of the contract is a plain object: it comes over the wire and is thrown as it came.
      '@typescript-eslint/only-throw-error': [
        'error',
        { allow: [{ from: 'file', name: 'PanelError' }], allowRethrowing: true },
      ],
      // A field that is taken out of an object by naming it.
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_$' }],
    },
  },
  ...svelte.configs.recommended,
  {
    files: SVELTE,
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      // A string in braces keeps the spaces that Svelte trims at the edges of a block.
      'svelte/no-useless-mustaches': 'off',
      // Maps and sets here are never changed in place while something shows them: each change makes a new one.
      'svelte/prefer-svelte-reactivity': 'off',
      // `let` is how props that are bound are declared beside those that are not.
      'prefer-const': ['error', { destructuring: 'all' }],
    },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      // The parser does not know the types of a generic component's snippets and takes them for `any`; svelte-check does.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // svelte-check, which reports the warnings that are ignored here, fails on a comment that ignores nothing.
      'svelte/no-unused-svelte-ignore': 'off',
    },
  },
  { files: ['**/*.mjs', '*.js'], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
