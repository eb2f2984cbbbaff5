// Original file: proto/millrace/session/v1/session_service.proto

import type { BlockLocation as _millrace_common_v1_BlockLocation, BlockLocation__Output as _millrace_common_v1_BlockLocation__Output } from '../../../millrace/common/v1/BlockLocation.ts';
import type { ShuffleWrite as _millrace_session_v1_ShuffleWrite, ShuffleWrite__Output as _millrace_session_v1_ShuffleWrite__Output } from '../../../millrace/session/v1/ShuffleWrite.ts';
import type { Long } from '@grpc/proto-loader';

export interface Stage {
  'run'?: (number | string | Long);
  'batchMs'?: (number | string | Long);
  'templates'?: (string)[];
  'captures'?: (Buffer | Uint8Array | string)[];
  'broadcasts'?: (_millrace_common_v1_BlockLocation)[];
  'writes'?: (_millrace_session_v1_ShuffleWrite | null);
  'partitions'?: (number);
  'limit'?: (number | string | Long);
  '_limit'?: "limit";
}

export interface Stage__Output {
  'run': (number);
  'batchMs': (number);
  'templates': (string)[];
  'captures': (Buffer)[];
  'broadcasts': (_millrace_common_v1_BlockLocation__Output)[];
  'writes': (_millrace_session_v1_ShuffleWrite__Output | null);
  'partitions': (number);
  'limit'?: (number);
  '_limit'?: "limit";
}
