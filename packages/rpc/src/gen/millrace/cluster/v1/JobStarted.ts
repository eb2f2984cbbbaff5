// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface JobStarted {
  'job'?: (string);
  'pid'?: (number);
}

export interface JobStarted__Output {
  'job': (string);
  'pid': (number);
}
