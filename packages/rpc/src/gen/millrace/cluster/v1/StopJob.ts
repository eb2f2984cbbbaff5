// Original file: proto/millrace/cluster/v1/cluster_service.proto


export interface StopJob {
  'job'?: (string);
  'graceMs'?: (number | string);
}

export interface StopJob__Output {
  'job': (string);
  'graceMs': (number);
}
