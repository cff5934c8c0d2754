// This file chooses which tracks of a segment stand for those that players know.
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { isPrivateAudio } from '../mpegts/pmt-descriptors.ts';
import type { Kind, ProgramForm } from './form.ts';
import type { Demuxed, RemuxInput } from './remux-input.ts';

export type Chosen<F> = { readonly track: MuxTrack; readonly form: F | undefined };

/**
 * By their order: the first sound for the first. What players know nothing of is left out; without
 * `forms` all pictures and sound are taken.
 */
export function chooseTracks<F extends { readonly kind: Kind }>(
  tracks: readonly MuxTrack[],
  forms: readonly F[] | undefined,
): (Chosen<F> | undefined)[] {
  const left = [...(forms ?? [])];
  return tracks.map((track) => {
    const kind = kindOfTrack(track);
    if (kind === undefined) return undefined;
    if (forms === undefined) return { track, form: undefined };
    const at = left.findIndex((form) => form.kind === kind);
    const [form] = at < 0 ? [] : left.splice(at, 1);
    return form === undefined ? undefined : { track, form };
  });
}

export function kindOfTrack({ kind, streamType, descriptors }: MuxTrack): Kind | undefined {
  if (kind !== 'data') return kind;
  return isPrivateAudio(streamType, descriptors) ? 'audio' : undefined;
}

/** The tracks that players of `streams` know, under the PIDs at which they look for them. */
export function chosenInput(input: RemuxInput, streams: ProgramForm['streams']): RemuxInput {
  return {
    demux: (segment) => {
      const { tracks, units, endTicks } = input.demux(segment);
      const places: (number | undefined)[] = [];
      const kept: MuxTrack[] = [];
      for (const chosen of chooseTracks(tracks, streams)) {
        places.push(chosen?.form === undefined ? undefined : kept.length);
        if (chosen?.form !== undefined) kept.push({ ...chosen.track, pid: chosen.form.pid });
      }
      const keptUnits = units.flatMap((unit): MuxUnit[] => {
        const track = places[unit.track];
        return track === undefined ? [] : [{ ...unit, track }];
      });
      return { tracks: kept, units: keptUnits, endTicks };
    },
  };
}

/** What is left where the pictures, or all sound, are taken from elsewhere. */
export function withoutKind({ tracks, units, endTicks }: Demuxed, kind: Kind): Demuxed {
  const kept = tracks.map((track, index) => (kindOfTrack(track) === kind ? -1 : index));
  const places = kept.filter((index) => index >= 0);
  return {
    tracks: places.map((index) => tracks[index]!),
    units: units.flatMap((unit) =>
      kept[unit.track] === -1 ? [] : [{ ...unit, track: places.indexOf(unit.track) }],
    ),
    endTicks,
  };
}
