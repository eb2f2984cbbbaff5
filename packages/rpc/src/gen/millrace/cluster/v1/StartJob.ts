// Original file: proto/millrace/cluster/v1/cluster_service.proto

import type { DataAddress as _millrace_common_v1_DataAddress, DataAddress__Output as _millrace_common_v1_DataAddress__Output } from '../../../millrace/common/v1/DataAddress.ts';
import type { Long } from '@grpc/proto-loader';

export interface StartJob {
  'job'?: (string);
  'driver'?: (_millrace_common_v1_DataAddress | null);
  'token'?: (string);
  'slotHeapBytes'?: (number | string | Long);
  'poolBytes'?: (number | string | Long);
  'driverRun'?: (number | string | Long);
}

export interface StartJob__Output {
  'job': (string);
  'driver': (_millrace_common_v1_DataAddress__Output | null);
  'token': (string);
  'slotHeapBytes': (number);
  'poolBytes': (number);
  'driverRun': (number);
}
