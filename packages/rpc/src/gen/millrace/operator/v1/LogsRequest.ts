// Original file: proto/millrace/operator/v1/operator_service.proto


export interface LogsRequest {
  'id'?: (string);
  'follow'?: (boolean);
}

export interface LogsRequest__Output {
  'id': (string);
  'follow': (boolean);
}
