// Original file: proto/millrace/session/v1/session_service.proto

import type { Peer as _millrace_session_v1_Peer, Peer__Output as _millrace_session_v1_Peer__Output } from '../../../millrace/session/v1/Peer.ts';

export interface Peers {
  'peers'?: (_millrace_session_v1_Peer)[];
}

export interface Peers__Output {
  'peers': (_millrace_session_v1_Peer__Output)[];
}
