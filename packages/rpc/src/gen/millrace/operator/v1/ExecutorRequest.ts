// Original file: proto/millrace/operator/v1/operator_service.proto


export interface ExecutorRequest {
  'id'?: (string);
}

export interface ExecutorRequest__Output {
  'id': (string);
}
