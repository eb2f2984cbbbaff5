// Original file: proto/millrace/common/v1/common.proto


export interface FieldValue {
  'text'?: (string);
  'number'?: (number | string);
  'flag'?: (boolean);
  'value'?: "text"|"number"|"flag";
}

export interface FieldValue__Output {
  'text'?: (string);
  'number'?: (number);
  'flag'?: (boolean);
  'value'?: "text"|"number"|"flag";
}
