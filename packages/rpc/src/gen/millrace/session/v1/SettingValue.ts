// Original file: proto/millrace/session/v1/session_service.proto


export interface SettingValue {
  'text'?: (string);
  'number'?: (number | string);
  'flag'?: (boolean);
  'value'?: "text"|"number"|"flag";
}

export interface SettingValue__Output {
  'text'?: (string);
  'number'?: (number);
  'flag'?: (boolean);
  'value'?: "text"|"number"|"flag";
}
