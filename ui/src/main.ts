import '@fontsource-variable/inter/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { appearance } from './lib/state/theme.svelte';

// Before the first paint, so that a light desktop never sees a dark flash.
appearance.start();

const target = document.getElementById('app');
if (target) mount(App, { target });
