// Original file: proto/millrace/session/v1/session_service.proto

import type { SettingValue as _millrace_session_v1_SettingValue, SettingValue__Output as _millrace_session_v1_SettingValue__Output } from '../../../millrace/session/v1/SettingValue.ts';
import type { BlockLocation as _millrace_common_v1_BlockLocation, BlockLocation__Output as _millrace_common_v1_BlockLocation__Output } from '../../../millrace/common/v1/BlockLocation.ts';
import type { DataAddress as _millrace_common_v1_DataAddress, DataAddress__Output as _millrace_common_v1_DataAddress__Output } from '../../../millrace/common/v1/DataAddress.ts';
import type { ReceivedLog as _millrace_session_v1_ReceivedLog, ReceivedLog__Output as _millrace_session_v1_ReceivedLog__Output } from '../../../millrace/session/v1/ReceivedLog.ts';
import type { CheckpointProbe as _millrace_session_v1_CheckpointProbe, CheckpointProbe__Output as _millrace_session_v1_CheckpointProbe__Output } from '../../../millrace/session/v1/CheckpointProbe.ts';

export interface Welcome {
  'conf'?: ({[key: string]: _millrace_session_v1_SettingValue});
  'artefact'?: (_millrace_common_v1_BlockLocation | null);
  'data'?: (_millrace_common_v1_DataAddress | null);
  'receivedLog'?: (_millrace_session_v1_ReceivedLog | null);
  'probe'?: (_millrace_session_v1_CheckpointProbe | null);
}

export interface Welcome__Output {
  'conf': ({[key: string]: _millrace_session_v1_SettingValue__Output});
  'artefact': (_millrace_common_v1_BlockLocation__Output | null);
  'data': (_millrace_common_v1_DataAddress__Output | null);
  'receivedLog': (_millrace_session_v1_ReceivedLog__Output | null);
  'probe': (_millrace_session_v1_CheckpointProbe__Output | null);
}
