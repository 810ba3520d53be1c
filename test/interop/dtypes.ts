/** Every numeric dtype of NumPy's that streams may have. */
export const DTYPES =
  "|b1 |i1 |u1 <i2 >i2 <u2 >u2 <i4 >i4 <u4 >u4 <i8 >i8 <u8 >u8 <f2 >f2 <f4 >f4 <f8 >f8 <f16 <c8 >c8 <c16 >c16".split(
    " ",
  );
