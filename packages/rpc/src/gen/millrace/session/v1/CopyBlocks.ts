// Original file: proto/millrace/session/v1/session_service.proto

import type { BlockLocation as _millrace_common_v1_BlockLocation, BlockLocation__Output as _millrace_common_v1_BlockLocation__Output } from '../../../millrace/common/v1/BlockLocation.ts';

export interface CopyBlocks {
  'blocks'?: (_millrace_common_v1_BlockLocation)[];
}

export interface CopyBlocks__Output {
  'blocks': (_millrace_common_v1_BlockLocation__Output)[];
}
