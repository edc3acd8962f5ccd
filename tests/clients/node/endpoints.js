// The names in `../gatewright.yaml` that tests refer to.

export const OPENAI = 'on-openai';
export const ANTHROPIC = 'on-anthropic';

// Every kind of call is made over both: what is true of one must be true of the other.
export const BOTH = [OPENAI, ANTHROPIC];

// What `x-gatewright-target` says for each.
export const TARGETS = { [OPENAI]: 'openai/gpt-4o', [ANTHROPIC]: 'anthropic/claude-sonnet-4-5' };

export const APP_KEY = 'app-key-for-the-tests';
export const NARROW_KEY = 'narrow-key-for-the-tests';
export const ENDED_KEY = 'ended-key-for-the-tests';
