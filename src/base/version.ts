// This file says which version of weir this is.
import manifest from '../../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
