// This file is a tier as plain data, which crosses to the thread where it lives.

export type TierSpec = {
  readonly kind: 'disk';
  readonly path: string;
  readonly sizeBytes: number;
};

/** As `Tier.place` of what is made of it. */
export function placeOf(spec: TierSpec): string {
  return spec.path;
}
