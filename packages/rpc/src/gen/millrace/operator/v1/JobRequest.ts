// Original file: proto/millrace/operator/v1/operator_service.proto


export interface JobRequest {
  'id'?: (string);
}

export interface JobRequest__Output {
  'id': (string);
}
