// This file writes what an Xtream client is told when it logs in.
import type { Refusal, User } from '../../access/user.ts';

/** Every key that clients with strict decoders want; counts and ports are text. */
export type UserInfo = {
  readonly username: string;
  readonly password: string;
  readonly message: string;
  readonly auth: 0 | 1;
  readonly status: 'Active' | 'Expired' | 'Disabled';
  readonly exp_date: string | null;
  readonly is_trial: '0';
  readonly active_cons: string;
  readonly created_at: string;
  readonly max_connections: string;
  readonly allowed_output_formats: readonly ('m3u8' | 'ts')[];
};

export type ServerInfo = {
  /** The host alone. */
  readonly url: string;
  readonly port: string;
  readonly https_port: string;
  readonly server_protocol: 'http' | 'https';
  readonly rtmp_port: string;
  readonly timezone: 'UTC';
  readonly timestamp_now: number;
  readonly time_now: string;
  readonly process: true;
};

export type Login = { readonly user_info: UserInfo; readonly server_info: ServerInfo };

/** What panels answer to wrong credentials: players then say so, where 401 means "server down". */
export const DENIED = { user_info: { auth: 0 } } as const;

export type LoginFacts = {
  /** As they were sent: TiviMate takes them from here for all that it asks next. */
  readonly username: string;
  readonly password: string;
  readonly user: User;
  /** Absent: may watch. */
  readonly refusal?: Refusal;
  readonly activeCount: number;
  /** Ours, as the client reached it: scheme, name and port. */
  readonly baseUrl: string;
  readonly nowMs: number;
};

export function loginOf(facts: LoginFacts): Login {
  return { user_info: userInfo(facts), server_info: serverInfo(facts) };
}

function userInfo({ username, password, user, refusal, activeCount }: LoginFacts): UserInfo {
  return {
    username,
    password,
    message: '',
    auth: 1,
    status: refusal === undefined ? 'Active' : refusal === 'expired' ? 'Expired' : 'Disabled',
    exp_date: user.expiresAtMs === undefined ? null : secondsText(user.expiresAtMs),
    is_trial: '0',
    active_cons: String(activeCount),
    created_at: secondsText(user.createdAtMs),
    // As panels write that there is no limit
    max_connections: String(user.maxConnections ?? 0),
    allowed_output_formats: ['m3u8', 'ts'],
  };
}

/** The port that the address does not use is the usual one of its scheme: there is no other to tell. */
function serverInfo({ baseUrl, nowMs }: LoginFacts): ServerInfo {
  const url = new URL(baseUrl);
  const isHttps = url.protocol === 'https:';
  return {
    url: url.hostname,
    port: isHttps ? '80' : url.port || '80',
    https_port: isHttps ? url.port || '443' : '443',
    server_protocol: isHttps ? 'https' : 'http',
    rtmp_port: '0',
    timezone: 'UTC',
    timestamp_now: Math.floor(nowMs / 1000),
    time_now: timeText(nowMs),
    process: true,
  };
}

export function secondsText(ms: number): string {
  return String(Math.floor(ms / 1000));
}

/** In the zone that server_info tells. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
