// Original file: proto/millrace/operator/v1/operator_service.proto


export interface WaitsRequest {
  'job'?: (string);
  'executor'?: (string);
  'whose'?: "job"|"executor";
}

export interface WaitsRequest__Output {
  'job'?: (string);
  'executor'?: (string);
  'whose'?: "job"|"executor";
}
