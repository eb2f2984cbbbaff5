// Original file: proto/millrace/common/v1/common.proto


export interface SourceSite {
  'file'?: (string);
  'line'?: (number);
  'column'?: (number);
}

export interface SourceSite__Output {
  'file': (string);
  'line': (number);
  'column': (number);
}
