// Original file: proto/millrace/common/v1/common.proto


export interface DataAddress {
  'host'?: (string);
  'port'?: (number);
}

export interface DataAddress__Output {
  'host': (string);
  'port': (number);
}
