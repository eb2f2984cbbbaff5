// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface HoldJob {
  'job'?: (string);
}

export interface HoldJob__Output {
  'job': (string);
}
