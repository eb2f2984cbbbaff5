// Original file: proto/millrace/operator/v1/operator_service.proto

import type { Long } from '@grpc/proto-loader';

export interface JobResumed {
  'committedMs'?: (number | string | Long);
  'batches'?: (number | string | Long);
  'pendingMs'?: (number | string | Long);
  'pendingIsPrepared'?: (boolean);
  'missed'?: (number | string | Long);
  'together'?: (boolean);
  'imported'?: (boolean);
  '_committedMs'?: "committedMs";
  '_pendingMs'?: "pendingMs";
}

export interface JobResumed__Output {
  'committedMs'?: (number);
  'batches': (number);
  'pendingMs'?: (number);
  'pendingIsPrepared': (boolean);
  'missed': (number);
  'together': (boolean);
  'imported': (boolean);
  '_committedMs'?: "committedMs";
  '_pendingMs'?: "pendingMs";
}
